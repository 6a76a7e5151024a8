/** Whether a message of ONNX Runtime or CUDA says that memory could not be had. */
export const tellsOutOfMemory = (message: string): boolean =>
  /out of memory|ALLOC_FAILED|failed to allocate/i.test(message)
