"""Tags of enterprises 企业标签."""
