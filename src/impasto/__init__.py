"""impasto: learn art styles from paintings."""
