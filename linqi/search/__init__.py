"""Chinese full-text search in words of two characters and pinyin, scoped 搜索."""
