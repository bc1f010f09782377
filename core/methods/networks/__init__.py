"""Small networks trained on the scene itself, and all that training and applying them takes."""
