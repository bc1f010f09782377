"""The app: one thin file a page. Streamlit lives here and in app.py only."""
