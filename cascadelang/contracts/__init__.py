"""What the layers above promise each other: plain values and protocols, no behaviour."""
