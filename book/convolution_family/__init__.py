"""What the pages of the chapter "Convolution's family" need: demonstrations and live figures."""
