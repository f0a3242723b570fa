"""Attribution: what the score of a class owes to every pixel, one method a file.

All functions take the network, normalized pictures (N, C, H, W) and the classes that are asked
about, and explain the *score* before the softmax: the derivative of a probability has the factor
p(1 - p), and vanishes just where the network is sure. None of them changes the network.

Arguments are called as in Captum where it has one name for a thing: ``target``, ``baselines``,
``n_steps``, ``n_samples``, ``layer``. Where it has not, or where another thing is meant:

* ``batch_size``: Captum's ``internal_batch_size``, ``nt_samples_batch_size`` and
  ``perturbations_per_eval``, which are all the same.
* ``noise_level``: the standard deviation as a share of the picture's range, as Smilkov et al. give
  it. Captum's ``stdevs`` is the standard deviation itself: ``smoothgrad.noise_stdevs``.
* ``patch``, ``stride``: height and width in pixels, as the literature on occlusion has them.
  Captum's ``sliding_window_shapes`` and ``strides`` count channels, too, and its last window may
  hang over the border; here the last patch ends at it.
"""
