"""What is only speed: the same numbers as the plain versions, up to rounding, in less time.

The functions of ``attribution`` use it by themselves; what each part gains stands in
docs/visualization-speed.md. By what it serves:

* occlusion: ``incremental_occlusion`` recomputes only what the patch can reach, with ``deltas``
  (the change that a layer passes on), ``windows`` (where it is), ``sliding`` (where it comes to),
  ``size_classes`` (places that are computed together) and ``place_groups``;
* gradients: ``chain_gradient``, forward and back by ``differentiable_layers``;
* GPUs: ``triton_kernels`` and ``recording``; ``live_occlusion`` for a picture after the other.
"""
