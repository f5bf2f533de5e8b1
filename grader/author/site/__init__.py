"""The course as web pages: lessons with their results, the library's reference, a gallery, the guide."""
