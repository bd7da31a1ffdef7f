/* Runs a fuzz target over the files named on the command line, without libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4 * 1024 * 1024 };

static int replay(const char *path, uint8_t *data)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        perror(path);
        return EXIT_FAILURE;
    }
    size = fread(data, 1, INPUT_MAX, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    uint8_t *data = malloc(INPUT_MAX);
    int status = data != NULL ? EXIT_SUCCESS : EXIT_FAILURE;

    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc && status == EXIT_SUCCESS; i++)
        status = replay(argv[i], data);
    free(data);
    return status;
}
