"""A shared e-bike operator's table of rides; its mapping is the county's `mappings/valleybike.toml`."""
