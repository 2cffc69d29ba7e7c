// SPDX-License-Identifier: Apache-2.0
// aws_authentication_plugin: MariaDB's half of the local RDS: the server plugin of RDS's name, AWSAuthenticationPlugin.
//
// It asks the client for its password in clear text (mysql_clear_password), as RDS does, whatever the connection: it is
// the client that must insist on TLS. Service "mysql", user and password go whole to the verifier (verifier.py says in
// which form). Y lets the user in; N, silence, or no verifier is a refusal. The socket's path comes from
// IAMODBC_RDS_VERIFIER. The server's side of the plugin interface is declared here, because the headers that have it
// come with the embedded server only.
// Source: https://mariadb.com/kb/en/development-writing-plugins-for-mariadb/
#include <mysql/plugin_auth.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ask_verifier.h"

enum { authentication_plugin = 7, authentication_interface = 0x0202, plugin_interface = 0x010f, is_stable = 5 };

struct server_auth_info {
  const char* user_name;
  unsigned int user_name_length;
  const char* auth_string;
  unsigned long auth_string_length;
  char authenticated_as[MYSQL_USERNAME_LENGTH + 1];
  char external_user[MYSQL_USERNAME_LENGTH + 1];
  int password_used;
  const char* host_or_ip;
  unsigned int host_or_ip_length;
  void* thread;
};

struct authentication {
  int interface_version;
  const char* client_plugin;
  int (*authenticate_user)(MYSQL_PLUGIN_VIO* client, struct server_auth_info* info);
  int (*hash_password)(const char* password, size_t length, char* hash, size_t* hash_length);
  int (*preprocess_hash)(const char* hash, size_t length, unsigned char* out, size_t* out_length);
};

struct plugin {
  int type;
  void* info;
  const char* name;
  const char* author;
  const char* description;
  int license;
  int (*init)(void*);
  int (*deinit)(void*);
  unsigned int version;
  void* status_variables;
  void* system_variables;
  const char* version_text;
  unsigned int maturity;
};

static int authenticate(MYSQL_PLUGIN_VIO* client, struct server_auth_info* info) {
  unsigned char* packet = NULL;
  int length = client->read_packet(client, &packet);
  if (length < 0) return CR_ERROR;
  if (length > 0 && packet[length - 1] == '\0') --length;  // The client sends the end of the string too.
  info->password_used = length > 0;
  if (length == 0) return CR_ERROR;
  return is_accepted("mysql", info->user_name, info->user_name_length, packet, (size_t)length) ? CR_OK : CR_ERROR;
}

static struct authentication rds = {.interface_version = authentication_interface,
                                    .client_plugin = "mysql_clear_password",
                                    .authenticate_user = authenticate};

__attribute__((visibility("default"))) int _maria_plugin_interface_version_ = plugin_interface;
__attribute__((visibility("default"))) int _maria_sizeof_struct_st_plugin_ = sizeof(struct plugin);
__attribute__((visibility("default"))) struct plugin _maria_plugin_declarations_[] = {
    {.type = authentication_plugin,
     .info = &rds,
     .name = "AWSAuthenticationPlugin",
     .author = "iamodbc",
     .description = "Asks the verifier of the local RDS",
     .version = 0x0100,
     .version_text = "1.0",
     .maturity = is_stable},
    {.type = 0}};
