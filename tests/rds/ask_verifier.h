// SPDX-License-Identifier: Apache-2.0
// ask_verifier: how a server of the local RDS asks the verifier (verifier.py says in which form): service, user and password, whole. Y lets the
// user in; N, silence, or no verifier does not. The socket's path comes from IAMODBC_RDS_VERIFIER.
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int is_sent(int socket, const void* data, size_t length) {
  const char* at = data;
  while (length > 0) {
    const ssize_t sent = send(socket, at, length, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    at += sent;
    length -= (size_t)sent;
  }
  return 1;
}

static int is_field_sent(int socket, const void* data, size_t length) {
  const unsigned char head[4] = {(unsigned char)(length >> 24), (unsigned char)(length >> 16),
                                 (unsigned char)(length >> 8), (unsigned char)length};
  return is_sent(socket, head, sizeof head) && is_sent(socket, data, length);
}

static int is_accepted(const char* service, const char* user, size_t user_length, const void* password,
                       size_t password_length) {
  const char* const path = getenv("IAMODBC_RDS_VERIFIER");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || strlen(path) >= sizeof address.sun_path) return 0;
  strcpy(address.sun_path, path);
  const int verifier = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (verifier < 0) return 0;
  const struct timeval patience = {.tv_sec = 55};  // Longer than the verifier's longest delay.
  setsockopt(verifier, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(verifier, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  char answer = 'N';
  const int is_answered = connect(verifier, (const struct sockaddr*)&address, sizeof address) == 0 &&
                          is_field_sent(verifier, service, strlen(service)) &&
                          is_field_sent(verifier, user, user_length) &&
                          is_field_sent(verifier, password, password_length) && recv(verifier, &answer, 1, 0) == 1;
  close(verifier);
  return is_answered && answer == 'Y';
}
