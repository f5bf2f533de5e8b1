"""What all storeys stand on: one course folder, and how files are read and written in it."""
