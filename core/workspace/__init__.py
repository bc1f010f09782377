"""What is kept: scenes, requests, runs, studies, and what can be taken away of them."""
