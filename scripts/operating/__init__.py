"""What operators type and read: `scripts/ops`. Every act is one signed call of `admin`."""
