// A whole layer of the decoder. In Python its seven steps are calls of some microseconds each, and memory, which is all that a
// step of one sequence waits for, stands still meanwhile: a tenth of the time. What it computes is, bit for bit, what
// `decoder.run_layer` does with the same kernels.

#include "abi.h"
#include "crew.h"

int inthread_layer(const Layer* layer, const Cache* cache, const Tokens* tokens, float* hidden, int threads) {
    const Heads* heads = &layer->heads;
    const int64_t t = tokens->count, width = heads->heads * heads->head_dim;
    float* const qkv = crew::own_room<float, struct LayerQkv>(t * layer->qkv.outputs);
    float* const q = crew::own_room<float, struct LayerQueries>(t * width);
    float* const mixed = crew::own_room<float, struct LayerMixed>(t * width);
    float* const gate_up = crew::own_room<float, struct LayerGateUp>(t * layer->gate_up.outputs);
    inthread_multiply(&layer->qkv, hidden, t, false, qkv, threads);
    inthread_place(heads, cache, tokens, qkv, q, threads);
    if (inthread_attend(heads, cache, tokens, q, mixed, threads)) return 1;
    inthread_multiply(&layer->output, mixed, t, true, hidden, threads);
    inthread_multiply(&layer->gate_up, hidden, t, false, gate_up, threads);
    inthread_multiply(&layer->down, gate_up, t, true, hidden, threads);
    return 0;
}
