/* One walk over one tree. */
#ifndef PCF_USAGE_TREE_H
#define PCF_USAGE_TREE_H
#include "pcf.h"
#include "usage/links.h"

/* Called every few names: sleeps as the budget wants it and publishes what was counted. 0 = go on, else an errno. */
typedef int (*pcf_tree_pace)(void *arg, const pcf_usage_tree *counted);

/* Counts the tree at path into tree, error included. */
void pcf_tree_walk(const char *path, pcf_usage_tree *tree, pcf_tree_pace pace, void *arg);
#endif
