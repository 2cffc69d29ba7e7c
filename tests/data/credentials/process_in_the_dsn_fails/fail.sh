echo "not signed in" >&2
exit 3
