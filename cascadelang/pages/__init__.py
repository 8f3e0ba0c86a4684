"""Pages that people send to each other: one file of HTML, with drawings and without scripts."""
