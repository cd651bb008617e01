# Net::HTTP asks for `http_proxy` even where it speaks TLS.
ENV["http_proxy"] ||= ENV["https_proxy"]
