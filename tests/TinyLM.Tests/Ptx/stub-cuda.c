// A stand-in for NVIDIA's driver: memory is host memory, kernels do not run, every call is noted.
// A test can make one function fail by name.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char call_log[1 << 16];
static char failing[64];
static int failure;
static unsigned char arguments[512];
static size_t argument_bytes;
static int driver_version = 13000, device_count = 1, major = 9;

static int note(const char *name, const char *detail)
{
    size_t used = strlen(call_log);
    snprintf(call_log + used, sizeof call_log - used, "%s%s%s\n", name, *detail ? " " : "", detail);
    return strcmp(name, failing) == 0 || strcmp("every call", failing) == 0 ? failure : 0;
}

static int note_copy(const char *name, size_t bytes, void *stream)
{
    char detail[64];
    snprintf(detail, sizeof detail, "%zu stream %p", bytes, stream);
    return note(name, detail);
}

// What tests use.
const char *stub_log(void) { return call_log; }
void stub_reset(void) { call_log[0] = 0; failing[0] = 0; driver_version = 13000; device_count = 1; major = 9; }
void stub_fail(const char *name, int result) { snprintf(failing, sizeof failing, "%s", name); failure = result; }
void stub_machine(int version, int count, int capability) { driver_version = version; device_count = count; major = capability; }
int stub_arguments(unsigned char *copy) { memcpy(copy, arguments, argument_bytes); return (int)argument_bytes; }

int cuInit(unsigned flags) { (void)flags; return note("cuInit", ""); }
int cuDriverGetVersion(int *version) { *version = driver_version; return 0; }
int cuDeviceGetCount(int *count) { *count = device_count; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) { (void)device; snprintf(name, (size_t)length, "Stub H100"); return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { (void)device; *value = attribute == 75 ? major : 0; return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = (size_t)80 << 30; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { (void)device; *context = (void *)1; return note("cuDevicePrimaryCtxRetain", ""); }
int cuDevicePrimaryCtxRelease_v2(int device) { (void)device; return note("cuDevicePrimaryCtxRelease", ""); }
int cuCtxSetCurrent(void *context) { (void)context; return strcmp("every call", failing) == 0 ? failure : 0; }
int cuStreamCreate(void **stream, unsigned flags) { (void)flags; *stream = (void *)0x77; return note("cuStreamCreate", ""); }
int cuStreamSynchronize(void *stream) { return note(stream == (void *)0x77 ? "cuStreamSynchronize" : "cuStreamSynchronize of another stream", ""); }
int cuStreamDestroy_v2(void *stream) { (void)stream; return note("cuStreamDestroy", ""); }
int cuMemAlloc_v2(void **address, size_t bytes)
{
    char detail[32];
    snprintf(detail, sizeof detail, "%zu", bytes);
    int result = note("cuMemAlloc", detail);
    *address = result == 0 ? aligned_alloc(256, (bytes + 255) / 256 * 256) : 0;
    return result;
}
int cuMemFree_v2(void *address) { free(address); return note("cuMemFree", ""); }
int cuMemsetD8Async(void *address, unsigned char value, size_t bytes, void *stream) { memset(address, value, bytes); return note_copy("cuMemsetD8Async", bytes, stream); }
int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, void *stream) { memcpy(to, from, bytes); return note_copy("cuMemcpyHtoDAsync", bytes, stream); }
int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t bytes, void *stream) { memcpy(to, from, bytes); return note_copy("cuMemcpyDtoHAsync", bytes, stream); }
int cuModuleLoadDataEx(void **module, const char *ptx, unsigned count, int *options, void **values)
{
    int result = note("cuModuleLoadDataEx", strstr(ptx, ".entry") ? "with an entry" : "without an entry");
    *module = (void *)5;
    if (result != 0 && count == 2 && options[0] == 5 && options[1] == 6)
    {
        snprintf((char *)values[0], (size_t)values[1], "ptxas fatal : line 7; syntax error\n");
    }
    return result;
}
int cuModuleUnload(void *module) { (void)module; return note("cuModuleUnload", ""); }
int cuModuleGetFunction(void **function, void *module, const char *name) { (void)module; *function = (void *)6; return note("cuModuleGetFunction", name); }
int cuFuncSetAttribute(void *function, int attribute, int value)
{
    char detail[32];
    (void)function;
    snprintf(detail, sizeof detail, "%d %d", attribute, value);
    return note("cuFuncSetAttribute", detail);
}
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *stream,
    void **parameters, void **extra)
{
    char detail[128];
    (void)function;
    (void)parameters;
    argument_bytes = *(size_t *)extra[3];
    memcpy(arguments, extra[1], argument_bytes);
    snprintf(detail, sizeof detail, "grid %u %u %u block %u %u %u shared %u stream %p ends %d", gx, gy, gz, bx, by, bz, shared, stream, extra[4] == 0);
    return note("cuLaunchKernel", detail);
}
int cuGetErrorString(int error, const char **text)
{
    *text = error == 2 ? "out of memory" : error == 100 ? "no CUDA-capable device is detected" : error == 218 ? "a PTX JIT compilation failed"
        : error == 700 ? "an illegal memory access was encountered" : "some error";
    return 0;
}
