# A plugin that knows no host but Crisp's own, with what Ruby brings.

require "json"
require "net/http"
require "open-uri"

uri = URI("https://api.crisp.chat/v1/plugin/connect/websites/all/1")
pair = ENV.values_at("CRISP_IDENTIFIER", "CRISP_KEY")
request = Net::HTTP::Get.new(uri, "X-Crisp-Tier" => "plugin")
request.basic_auth(*pair)
answer = Net::HTTP.start(uri.host, uri.port, use_ssl: true) { |http| http.request(request) }
puts "Net::HTTP: #{JSON.parse(answer.body)["data"].length} websites"
body = uri.open("X-Crisp-Tier" => "plugin", http_basic_authentication: pair).read
puts "open-uri: #{JSON.parse(body)["data"].length} websites"
