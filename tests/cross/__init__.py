"""kmsd on one side, everybody else on the other."""
