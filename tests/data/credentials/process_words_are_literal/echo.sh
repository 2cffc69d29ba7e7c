printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"process-hush"}' "$1$2$3"
