for name in iamodbc 'iamodbc narrow' 'iamodbc wide'; do
  odbcinst -u -d -n "$name" >/dev/null
done
