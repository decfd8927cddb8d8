"""Plugged together here: settings, urls, command line 配置."""
