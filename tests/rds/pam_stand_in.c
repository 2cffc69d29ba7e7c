// SPDX-License-Identifier: Apache-2.0
// pam_stand_in: takes the place of libpam inside the test server (preloaded into postgres), part of the local RDS.
//
// The server asks it to authenticate as it would ask PAM; it fetches the password through the server's conversation
// function and sends service, user and password, whole, to the verifier (verifier.py says in which form). Y lets the
// user in; N, silence, or no verifier is PAM_AUTH_ERR. So no root, no /etc/pam.d, and no length limit of pam_exec.
// The socket's path comes from IAMODBC_RDS_VERIFIER. One conversation a process at a time, as servers do it.
#include <security/pam_appl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ask_verifier.h"

struct pam_handle {
  char* service;
  char* user;
  struct pam_conv conversation;
};

int pam_start(const char* service, const char* user, const struct pam_conv* conversation, pam_handle_t** handle) {
  *handle = calloc(1, sizeof **handle);
  if (*handle == NULL) return PAM_BUF_ERR;
  (*handle)->service = strdup(service);
  (*handle)->user = strdup(user != NULL ? user : "");
  (*handle)->conversation = *conversation;
  return (*handle)->service != NULL && (*handle)->user != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

int pam_end(pam_handle_t* handle, int status) {
  (void)status;
  free(handle->service);
  free(handle->user);
  free(handle);
  return PAM_SUCCESS;
}

int pam_set_item(pam_handle_t* handle, int type, const void* item) {
  if (type == PAM_USER) {
    char* const user = strdup(item);
    if (user == NULL) return PAM_BUF_ERR;
    free(handle->user);
    handle->user = user;
  } else if (type == PAM_CONV) {
    handle->conversation = *(const struct pam_conv*)item;
  }
  return PAM_SUCCESS;
}

int pam_get_item(const pam_handle_t* handle, int type, const void** item) {
  if (type == PAM_USER) {
    *item = handle->user;
  } else if (type == PAM_SERVICE) {
    *item = handle->service;
  } else {
    return PAM_BAD_ITEM;
  }
  return PAM_SUCCESS;
}

int pam_authenticate(pam_handle_t* handle, int flags) {
  (void)flags;
  const struct pam_message prompt = {PAM_PROMPT_ECHO_OFF, "Password: "};
  const struct pam_message* prompts[] = {&prompt};
  struct pam_response* response = NULL;
  const int asked = handle->conversation.conv(1, prompts, &response, handle->conversation.appdata_ptr);
  if (asked != PAM_SUCCESS || response == NULL) return PAM_CONV_ERR;
  int result = PAM_AUTH_ERR;
  if (response->resp != NULL) {
    if (is_accepted(handle->service, handle->user, strlen(handle->user), response->resp, strlen(response->resp)))
      result = PAM_SUCCESS;
    explicit_bzero(response->resp, strlen(response->resp));
    free(response->resp);
  }
  free(response);
  return result;
}

int pam_acct_mgmt(pam_handle_t* handle, int flags) {
  (void)handle;
  (void)flags;
  return PAM_SUCCESS;
}

const char* pam_strerror(pam_handle_t* handle, int error) {
  (void)handle;
  return error == PAM_SUCCESS ? "Success" : "Authentication failure";
}
