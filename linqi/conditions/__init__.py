"""Condition trees over facts: three values, reasons, columns, one answer either way 判定."""
