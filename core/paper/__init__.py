"""The paper: what it prints, the runs that repeat its protocol, and its tables beside ours."""
