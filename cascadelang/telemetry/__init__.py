"""What other programs are told of runs, in their own words: OpenTelemetry's spans."""
