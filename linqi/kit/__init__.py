"""Tools without domain: choices, flow, access, sheets, measures, clock, identifiers 工具."""
