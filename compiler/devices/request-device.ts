/** What is asked for where the adapter has it: a clock, and what kernels are faster with. */
const features: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];
const limits = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize'] as const;

/** A device with all that kernels, and who times them, can use of an adapter, in Node or in a browser. */
export const requestDevice = (adapter: GPUAdapter): Promise<GPUDevice> =>
  adapter.requestDevice({
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
  });
