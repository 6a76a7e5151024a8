import { expect, test } from "vitest"
import { probeCuda } from "../../../src/models/gpu/cuda-probe.ts"
import { describeCudaProvider, isProviderInstalled } from "../../../src/models/gpu/cuda-provider.ts"

// The refusal of the ONNX Runtime that is installed; where it has its CUDA libraries there is none to be had.
test.skipIf(isProviderInstalled(describeCudaProvider()))(
  "probeCuda names the library that is missing",
  async () => {
    expect(await probeCuda("/no/model.onnx")).toMatch(/libonnxruntime_providers_shared\.so cannot be loaded$/)
  },
)
