"""What one asks of any fit: predictions, draws, intervals, tables, print-outs."""
