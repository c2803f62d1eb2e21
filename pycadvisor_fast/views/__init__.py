"""Pure functions of snapshots and windows: rates, percentiles, the largest, who matches, tables. No I/O."""
