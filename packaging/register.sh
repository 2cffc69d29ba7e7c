# The first time by unixODBC's own tool. Where sections of these names are already (an upgrade), it would count them twice and
# drop what an administrator wrote into them; `iamodbc register` brings them up to date and keeps that.
if odbcinst -q -d -n iamodbc >/dev/null 2>&1 || odbcinst -q -d -n 'iamodbc narrow' >/dev/null 2>&1 ||
    odbcinst -q -d -n 'iamodbc wide' >/dev/null 2>&1; then
  iamodbc register --system >/dev/null
else
  odbcinst -i -d -f /usr/share/iamodbc/iamodbc.ini >/dev/null
fi
