"""What recorded runs say together: counts, rates, costs, drift, alerts."""
