"""Columns of facts and events in memory and in files, with bitmaps over them 分析."""
