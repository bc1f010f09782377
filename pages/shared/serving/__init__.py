"""What the browser may ask of this server beside Streamlit's own addresses."""
