"""The pages of enterprises 企业页面."""
