"""Who uses the app, where people sign in through Streamlit's OpenID Connect."""
