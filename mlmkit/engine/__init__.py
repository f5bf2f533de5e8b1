"""How the fits are computed: from a formula's matrices to the optimum. Nothing here is public."""
