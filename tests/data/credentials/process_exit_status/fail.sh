echo '{"SecretAccessKey": "process-hush"}'
echo "sign in first; process-hush" >&2
exit 3
