"""Streamlit shell: entry point, navigation, cached reads, charts, tables, theme."""
