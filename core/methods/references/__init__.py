"""What every result is read against: methods that learn little or nothing."""
