# Just enough of OpenSRF's protocol for the example, over a plain socket: OpenSRF's own Perl library (OpenSRF::System, OpenSRF::AppSession)
# is in no distribution. One request at a time, results that come in one stanza.
package OsrfSocket;
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;

my $json = JSON::PP->new->ascii->canonical->allow_nonref;

# Logs in by what `opensrf-chopchop exec` leaves in the environment.
sub connect {
    my ($class, %option) = @_;
    my $self = bless { domain => $ENV{OSRF_DOMAIN}, router => $ENV{OSRF_ROUTER}, resource => $option{resource} // "perl_$$", count => 0, read => '' }, $class;
    $self->{socket} = IO::Socket::INET->new(PeerHost => $ENV{OSRF_HOST}, PeerPort => $ENV{OSRF_PORT}, Timeout => 10)
        or die "cannot connect to $ENV{OSRF_HOST}:$ENV{OSRF_PORT}: $@\n";
    $self->{socket}->autoflush(1);
    $self->say("<stream:stream to='$self->{domain}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
    $self->await(qr/<stream:stream[^>]*>/);
    $self->say("<iq id='123' type='set'><query xmlns='jabber:iq:auth'><username>$ENV{OSRF_USERNAME}</username>"
        . "<password>$ENV{OSRF_PASSWORD}</password><resource>$self->{resource}</resource></query></iq>");
    $self->await(qr/<iq[^>]*>/) =~ /type=['"]result['"]/ or die "the login was refused\n";
    return $self;
}

# Calls a method. Returns its results; dies with "CODE TEXT" if the service refuses.
sub request {
    my ($self, $service, $method, @params) = @_;
    my $thread = time . ".$$." . ++$self->{count};
    my $payload = { __c => 'osrfMethod', __p => { method => $method, params => \@params } };
    my $message = { threadTrace => '1', locale => 'en-US', api_level => 1, type => 'REQUEST', payload => $payload };
    my $body = escape($json->encode([{ __c => 'osrfMessage', __p => $message }]));
    $self->say("<message to='$self->{router}\@$self->{domain}/$service'><thread>$thread</thread><body>$body</body></message>");
    my @results;
    while (1) {
        my $answer = $self->await(qr/<message.*?<\/message>/s);
        my ($text) = $answer =~ /<body>(.*)<\/body>/s or die "an answer without a body\n";
        die "503 the message bounced\n" if $answer =~ /<message[^>]*type=['"]error['"]/;
        for my $one (map { $_->{__p} } @{ $json->decode(unescape($text)) }) {
            my $payload = $one->{payload}{__p};
            if ($one->{type} eq 'RESULT') { push @results, $payload->{content}; next }
            return @results if $payload->{statusCode} == 205;
            die "$payload->{statusCode} $payload->{status}\n" if $payload->{statusCode} >= 300;
        }
    }
}

sub say { my ($self, $xml) = @_; $self->{socket}->print($xml) or die "the connection is lost\n" }

# Waits for what is asked for, and takes all up to its end.
sub await {
    my ($self, $pattern) = @_;
    while (1) {
        return $1 if $self->{read} =~ s/^.*?($pattern)//s;
        sysread($self->{socket}, $self->{read}, 65536, length $self->{read}) or die "the server closed the connection\n";
    }
}

sub escape { my ($text) = @_; $text =~ s/&/&amp;/g; $text =~ s/</&lt;/g; $text =~ s/>/&gt;/g; return $text }
sub unescape { my ($text) = @_; my %of = (lt => '<', gt => '>', quot => '"', apos => "'", amp => '&'); $text =~ s/&(lt|gt|quot|apos|amp);/$of{$1}/g; return $text }

1;
