"""The face of Linqi: layout, components, tables, icons, charts and maps, with a gallery at /ui/ 界面."""
