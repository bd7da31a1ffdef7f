#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "common/yaml_file.h"

/* The value of a key of a mapping, or NULL. */
static yaml_node_t *member_of(yaml_document_t *doc, yaml_node_t *node, const char *name)
{
    if (node == NULL || node->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
         p < node->data.mapping.pairs.top; p++) {
        yaml_node_t *key = yaml_document_get_node(doc, p->key);

        if (key != NULL && key->type == YAML_SCALAR_NODE &&
            strcmp((const char *)key->data.scalar.value, name) == 0)
            return yaml_document_get_node(doc, p->value);
    }
    return NULL;
}

static yaml_node_t *item_of(yaml_document_t *doc, yaml_node_t *node, size_t at)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE ||
        at >= (size_t)(node->data.sequence.items.top - node->data.sequence.items.start))
        return NULL;
    return yaml_document_get_node(doc, node->data.sequence.items.start[at]);
}

/* As deep as the place can be followed. */
static yaml_node_t *find(yaml_document_t *doc, const struct kms_yaml_place *place)
{
    yaml_node_t *node = yaml_document_get_root_node(doc), *next;

    next = member_of(doc, node, place->list);
    if (next == NULL)
        return node;
    node = next;
    next = item_of(doc, node, place->at);
    if (next == NULL)
        return node;
    node = next;
    next = place->member != NULL ? member_of(doc, node, place->member) : NULL;
    if (next == NULL)
        return node;
    node = next;
    next = item_of(doc, node, place->item);
    return next != NULL ? next : node;
}

unsigned kms_yaml_line(const char *path, const struct kms_yaml_place *place)
{
    FILE *f = fopen(path, "re");
    yaml_document_t doc;
    yaml_parser_t parser;
    yaml_node_t *node;
    unsigned line = 1;

    if (f == NULL)
        return line;
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_file(&parser, f);
        if (yaml_parser_load(&parser, &doc)) {
            node = find(&doc, place);
            if (node != NULL)
                line = (unsigned)node->start_mark.line + 1;
            yaml_document_delete(&doc);
        }
        yaml_parser_delete(&parser);
    }
    fclose(f);
    return line;
}
