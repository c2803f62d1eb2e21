/* The encoder's life. */
#include "encode/plan.h"

pcf_encoder *pcf_encoder_new(void)
{
	pcf_encoder *encoder = calloc(1, sizeof *encoder);
	if (!encoder)
		return NULL;
	encoder->index = calloc(PCF_GROUP_COUNT, sizeof *encoder->index);
	encoder->plan = calloc(PCF_GROUP_COUNT, sizeof *encoder->plan);
	encoder->container_guess = 2;
	encoder->row_guess = calloc(PCF_GROUP_COUNT, sizeof *encoder->row_guess);
	for (int group = 0; encoder->row_guess && group < PCF_GROUP_COUNT; group++)
		encoder->row_guess[group][0] = encoder->row_guess[group][1] = 1;
	encoder->group_guess = 3;
	if (encoder->index && encoder->plan && encoder->row_guess && pcf_wire_reserve(&encoder->wire, 0) == 0)
		return encoder;
	pcf_encoder_free(encoder);
	return NULL;
}

void pcf_encoder_free(pcf_encoder *encoder)
{
	if (!encoder)
		return;
	for (int group = 0; encoder->index && group < PCF_GROUP_COUNT; group++)
		pcf_row_index_clear(&encoder->index[group]);
	free(encoder->index);
	free(encoder->plan);
	free(encoder->row_guess);
	free(encoder->picks);
	free(encoder->wire.data);
	free(encoder);
}
