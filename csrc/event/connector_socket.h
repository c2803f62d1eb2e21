/* The socket of the process connector: subscribed, and filtered in the kernel to processes (no threads). */
#ifndef PCF_EVENT_CONNECTOR_SOCKET_H
#define PCF_EVENT_CONNECTOR_SOCKET_H
#include "pcf.h"

/* A descriptor, or a negative errno with its reason. */
int pcf_connector_socket_open(pcf_error *err);
void pcf_connector_socket_close(int fd);
#endif
