"""Which permission opens which page, one table a part of the office; `access.py` joins them."""
