"""The mistakes that remain: who makes them, of what kind they are, and which single change would repair them."""
