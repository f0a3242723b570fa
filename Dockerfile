# Grading on macOS and Windows: Linux with all that it needs. docs/teaching.md says how it is run, and
# what the sandbox inside it asks of Docker. The course itself is mounted, so an image is made anew
# only when the versions of packages change.
FROM python:3.13-slim-trixie

RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap libseccomp2 git \
    && rm -rf /var/lib/apt/lists/*

# PyTorch for CPUs: 5 GB less than the one for GPUs.
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu PIP_NO_CACHE_DIR=1
COPY pyproject.toml constraints.txt README.md LICENSE LICENSE-text /build/
COPY autograder /build/autograder
COPY book /build/book
COPY laboratory /build/laboratory
RUN python -m pip install -c /build/constraints.txt \
    "/build[terminal,notebook,visualization,grading,cluster,postgresql]"

# An ordinary user: the sandbox makes a namespace of its own for its rights.
RUN useradd --create-home teacher
USER teacher
WORKDIR /course
# What is mounted comes before what was installed with the packages.
ENV PYTHONPATH=/course
CMD ["autograder", "--help"]
